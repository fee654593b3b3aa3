/** The wire protocol, whose headings the reports link to. */
const WIRE_PROTOCOL = 'https://github.com/cpg-dev/cpg/blob/main/docs/wire-protocol.md';

/** The fragments of the headings of the wire protocol. */
export const SECTION_FRAGMENTS: Readonly<Record<string, string>> = Object.freeze({
  '1': '1-signing-a-request',
  '1.1': '11-headers',
  '1.2': '12-canonical-string',
  '1.3': '13-worked-example-every-byte-shown',
  '2': '2-restrictions',
  '2.1': '21-order-of-checks',
  '3': '3-responses',
  '4': '4-endpoints',
  '4.1': '41-balances',
  '4.2': '42-currencies',
  '4.3': '43-deposit-addresses-and-deposit-requests',
  '4.4': '44-hot-wallet',
  '4.5': '45-transactions',
  '4.6': '46-withdrawals',
  '5': '5-webhooks',
  '6': '6-what-a-client-must-do',
  '7': '7-checklist-for-porting',
});

const REFERENCE = /§(\d+)((?:\.\d+)?)(?: restriction \d+)?/g;

/** The address of a section; of its chapter when it has no heading of its own, like the rules of §2 and §6. */
const getAddress = (chapter: string, rest: string): string | undefined => {
  const fragment = SECTION_FRAGMENTS[`${chapter}${rest}`] ?? SECTION_FRAGMENTS[chapter];
  return fragment === undefined ? undefined : `${WIRE_PROTOCOL}#${fragment}`;
};

/** Turns the references to sections in an escaped text into links. */
export const linkSections = (text: string, link: (label: string, address: string) => string): string =>
  text.replace(REFERENCE, (label: string, chapter: string, rest: string) => {
    const address = getAddress(chapter, rest);
    return address === undefined ? label : link(label, address);
  });
