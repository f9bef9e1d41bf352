import { CATALOGUE } from './catalogue/server.ts';
import { choose, isBlank, type Source } from './choose.ts';
import { mergeLayers, readLayers } from './files.ts';
import { currentEnvironment } from './process.ts';
import { resolveEnvironment } from './resolve.ts';
import { type Catalogue, namesOf, type Resolved } from './variable.ts';

export type LoadOptions = {
  /** What NODE_ENV is unless it is set. Default: `development`. */
  readonly defaultMode?: 'development' | 'test' | 'production';
  /** Default: that of the process. */
  readonly environment?: Source;
};

/**
 * Reads a catalogue's variables from the environment of the process and the .env files: what a program does first.
 *
 * @throws {HexclaveError} ENVIRONMENT_INVALID
 */
export function loadEnvironment<C extends Catalogue>(catalogue: C, options: LoadOptions = {}): Resolved<C> {
  return resolveEnvironment(loadSource(options), catalogue);
}

/** The same before it is resolved, for whoever reads several catalogues. */
export function loadSource({
  defaultMode = 'development',
  environment = currentEnvironment(),
}: LoadOptions = {}): Source {
  const mode = isBlank(environment.NODE_ENV) ? defaultMode : (environment.NODE_ENV ?? defaultMode);
  // A conflict is told once everything is resolved.
  const folder = choose(environment, namesOf(CATALOGUE.envDirectory), 'sdk');
  const directory = folder.kind === 'set' ? folder.text : CATALOGUE.envDirectory.defaults.production;
  return mergeLayers(readLayers({ environment: { ...environment, NODE_ENV: mode }, directory, mode }));
}
