import { renderTable, type Table } from './table.ts';

const WITH = 'in the repository, against the reference gateway, with ';

/** The versions that a page says were measured. */
export const measuredVersions = (page: string): readonly string[] =>
  page.split(WITH)[1]?.split('.\n')[0]?.split(', ') ?? [];

/** The page `docs/real-clients.md`; `versions` says what was measured. */
export const renderPage = (table: Table, versions: string): string => `# What real clients send

Measured by \`npm run conformance:real-clients\` ${WITH}${versions}.

Each cell: the target as it stood on the wire when the client was given the one at the left, then the gateway's answer to the same request with a
signature over **what was sent**. 200 and 404 are past authentication; 400 is a target that the contract or the HTTP parser refuses. A signature over
the target as _given_ would be refused wherever the two differ: sign the bytes that are sent. What a client does may change with
its version: the \`fetch\` of Node 20 and 22 drops an empty \`?\`.

${renderTable(table)}
`;
