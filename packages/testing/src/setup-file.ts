import { afterAll } from 'vitest';
import { cleanUpFile } from './cleanup.ts';

// Registered before any hook of the test file itself, and so run after all of them.
afterAll(cleanUpFile);
