import packageJson from '../package.json' with { type: 'json' };

/** Says who answers and what it can do. */
export const hello = () => ({
  name: packageJson.name,
  language: 'javascript',
  version: packageJson.version,
  roles: ['sign', 'verify', 'webhook', 'call'],
  caps: ['stages', 'clock', 'text-ids', 'transactions'],
});
