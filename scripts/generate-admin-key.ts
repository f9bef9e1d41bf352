import { generateKey } from '@hexclave/server';

/** `npm run --silent generate:admin-key`: prints a key for HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY. */
console.log(generateKey('admin'));
