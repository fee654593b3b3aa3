import packageJson from '../../package.json' with { type: 'json' };

export const SUITE_VERSION: string = packageJson.version;
