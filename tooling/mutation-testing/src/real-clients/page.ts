import { renderTable, type Table } from './table.ts';

const WITH = 'in the repository, against the reference gateway, with ';

/** The versions that a page says were measured. */
export const measuredVersions = (page: string): readonly string[] =>
  page.split(WITH)[1]?.split('.\n')[0]?.split(', ') ?? [];

/** The page `docs/real-clients.md`; `versions` says what was measured. */
export const renderPage = (table: Table, versions: string): string => `# What real clients send

Measured by \`npm run conformance:real-clients\` ${WITH}${versions}.

Each cell shows the target that the client sent when it was given the one on the left, then the gateway's
response to the same request with a signature over **what was sent**. 200 and 404 mean that the request was
authenticated; 400 is a target that the protocol or the HTTP parser rejects. Where the two targets differ, a
signature over the _given_ one would be rejected: sign the bytes that are sent. The behaviour of a client may
change with its version: the \`fetch\` of Node 20 and 22 drops an empty \`?\`.

${renderTable(table)}
`;
