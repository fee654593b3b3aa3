/** A page that is written in Markdown. */
export interface MarkdownPage {
  /** In the built site. */
  readonly path: string;
  /** In the repository. */
  readonly file: string;
  /** In the navigation. @default the title */
  readonly label?: string;
}

export interface MarkdownSection {
  readonly name: string;
  readonly pages: readonly MarkdownPage[];
}

const guide = (name: string, label?: string): MarkdownPage => ({
  path: `guides/${name}.html`,
  file: `apps/docs/guides/${name}.md`,
  ...(label !== undefined && { label }),
});

/** The first page. */
export const HOME: MarkdownPage = {
  path: 'index.html',
  file: 'apps/docs/guides/index.md',
  label: 'Overview',
};

/** The guides, in the order of the navigation. */
export const GUIDES: readonly MarkdownSection[] = [
  { name: 'Start', pages: [HOME, guide('quick-start'), guide('authentication'), guide('errors')] },
  {
    name: 'Build',
    pages: [
      guide('idempotency'),
      guide('webhooks'),
      guide('decimals'),
      guide('limits'),
      guide('clock'),
      guide('testing'),
      guide('production'),
      guide('migrating', 'Migrating'),
      guide('guarantees'),
    ],
  },
  { name: 'Port and check', pages: [guide('porting', 'Porting'), guide('conformance', 'Conformance suite')] },
];

/** The specification and the documentation of the packages, behind the reference. */
export const DOCUMENTS: readonly MarkdownSection[] = [
  {
    name: 'Specification',
    pages: [
      { path: 'wire-protocol.html', file: 'docs/wire-protocol.md', label: 'Wire protocol' },
      { path: 'vectors.html', file: 'packages/protocol/vectors/README.md', label: 'Test vectors' },
    ],
  },
  {
    name: 'Packages',
    pages: [
      { path: 'packages/client.html', file: 'apps/docs/packages/client.md' },
      { path: 'packages/server-middleware.html', file: 'apps/docs/packages/server-middleware.md' },
      { path: 'packages/protocol.html', file: 'apps/docs/packages/protocol.md' },
    ],
  },
  {
    name: 'Conformance suite',
    pages: [
      { path: 'packages/conformance.html', file: 'apps/docs/packages/conformance.md' },
      { path: 'conformance/servers.html', file: 'apps/conformance/docs/servers.md' },
      { path: 'conformance/adapter-protocol.html', file: 'apps/conformance/docs/adapter-protocol.md' },
      { path: 'conformance/real-clients.html', file: 'apps/conformance/docs/real-clients.md' },
    ],
  },
  {
    name: 'Reference gateway',
    pages: [
      { path: 'packages/gateway.html', file: 'apps/docs/packages/gateway.md' },
      { path: 'gateway/operating.html', file: 'apps/gateway/docs/operating.md' },
      { path: 'gateway/scaling.html', file: 'apps/gateway/docs/scaling.md' },
    ],
  },
];
