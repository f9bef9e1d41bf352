export { CATALOGUE, type Environment } from './catalogue.ts';
export { boolean, integer, list, oneOf, type Parser, text, url } from './parsers.ts';
export { resolveEnvironment, type Source } from './resolve.ts';
export { isSentinel, replaceSentinels, sentinelOf } from './sentinel.ts';
export {
  always,
  type Catalogue,
  type Mode,
  namesOf,
  optional,
  type Prefix,
  type Resolved,
  type Variable,
  withDefault,
} from './variable.ts';
