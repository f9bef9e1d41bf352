import { expect, test } from 'vitest';
import { PROGRAM } from '../program.ts';
import { complete } from './candidates.ts';

const values = (...words: string[]) => complete(PROGRAM, words).candidates.map(({ value }) => value);

test('commands, subcommands, options and choices are offered where they can stand', () => {
  expect(values('')).toEqual(PROGRAM.commands.map(({ name }) => name));
  expect(values('db-sync', 'fus')).toEqual(['fusebox']);
  expect(values('db-sync', 'fusebox', 'off', 's')).toEqual(['sequencer', 'sync-engine']);
  expect(values('db-sync', 'status', '--state', 'f')).toEqual(['fresh', 'failing']);
  expect(values('db-sync', 'verify', '--rep')).toEqual(['--repair']);
  expect(values('nothing', '')).toEqual(values(''));
});

test('names are asked for where a name is due, and only there', () => {
  expect(complete(PROGRAM, ['db-sync', 'verify', '']).suggests).toBe('external-databases');
  expect(complete(PROGRAM, ['db-sync', 'verify', 'main', '']).suggests).toBeUndefined();
  expect(complete(PROGRAM, ['--project', '']).suggests).toBe('projects');
  expect(complete(PROGRAM, ['--project', 'x', 'db-sync', 'verify', '']).suggests).toBe('external-databases');
});
