import { defineRoute } from '../route.ts';
import { configPatch, configReply, done } from '../schemas/config.ts';

const tag = 'Config';

export const getConfig = defineRoute({
  method: 'get',
  path: '/internal/config',
  access: 'admin',
  tag,
  summary: 'Get the configuration in force',
  description: 'What has been set, completed with the defaults.',
  status: 200,
  reply: configReply,
  errors: [],
});

export const getConfigOverride = defineRoute({
  method: 'get',
  path: '/internal/config/override/environment',
  access: 'admin',
  tag,
  summary: 'Get what has been set',
  status: 200,
  reply: configReply,
  errors: [],
});

export const patchConfigOverride = defineRoute({
  method: 'patch',
  path: '/internal/config/override/environment',
  access: 'admin',
  tag,
  summary: 'Change the configuration',
  description:
    'Takes `dbSync.externalDatabases` whole or by dotted path, as deep as you like. The first copy into a new ' +
    'database starts at once. An existing database keeps its connection string when the change names none.',
  body: configPatch,
  status: 200,
  reply: done,
  errors: ['CONFIG_INVALID'],
});
