import packageJson from '../package.json' with { type: 'json' };

/** What the client calls itself: its version and that of Node.js. */
export const USER_AGENT = `cpg-client/${packageJson.version} node/${process.versions.node}`;
