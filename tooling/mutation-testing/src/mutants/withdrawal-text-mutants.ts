import { LEDGER } from '../reference/ledger-parts.ts';
import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

/** Finds a reference by a form in which different ones look alike. */
const referencesAs = (form: (reference: string) => string) => (): Partial<ServerParts> => ({
  findEarlier: (all, { account, client_reference: reference }) =>
    typeof reference === 'string'
      ? all.find(
          (each) =>
            each.account === account && form(each.client_reference ?? String(each.id)) === form(reference),
        )
      : undefined,
});

const REFERENCE = 'server-withdrawal-reference-exact';

/** Changes a field of the body before it is validated. */
const changing = (name: string, change: (value: unknown) => unknown) => (): Partial<ServerParts> => ({
  fields: (body) =>
    typeof body === 'object' && body !== null && Object.hasOwn(body, name)
      ? { ...body, [name]: change((body as Readonly<Record<string, unknown>>)[name]) }
      : body,
});

const respelling = (name: string, change: (text: string) => unknown) =>
  changing(name, (value) => (typeof value === 'string' ? change(value) : value));

/** Takes amounts that are no plain decimals. */
const reading = (read: (text: string) => string) => respelling('amount', read);

const GRAMMAR = 'server-withdrawal-amount-grammar';

const LENGTHS = 'server-withdrawal-text-lengths';
const NAMES = 'server-withdrawal-name-spelling';

/** Mistakes about texts and amounts, as other languages and databases make them. */
export const WITHDRAWAL_TEXT_MUTANTS = mutants<ServerParts>('money', [
  ['reference-case-insensitive', referencesAs((text) => text.toLowerCase()), REFERENCE],
  ['reference-trimmed', referencesAs((text) => text.trim()), REFERENCE],
  ['reference-right-trimmed', referencesAs((text) => text.trimEnd()), REFERENCE],
  ['reference-normalised', referencesAs((text) => text.normalize('NFC')), REFERENCE],
  [
    'reference-without-accents',
    referencesAs((text) => text.normalize('NFD').replace(/\p{M}/gu, '')),
    REFERENCE,
  ],
  ['reference-in-ascii', referencesAs((text) => text.replace(/[^ -~]+/g, '?')), REFERENCE],
  ['reference-cut-at-127', referencesAs((text) => text.slice(0, 127)), REFERENCE],
  ['reference-cut-at-64', referencesAs((text) => text.slice(0, 64)), REFERENCE],
  [
    'repeat-amount-as-text',
    () => ({
      isRepeat: (earlier, order) =>
        LEDGER.isRepeat(earlier, order) && String(earlier.amount) === String(order.amount),
    }),
    'server-withdrawal-reference-spelling',
  ],
  [
    'repeat-currency-as-text',
    () => ({
      isRepeat: (earlier, order) => LEDGER.isRepeat(earlier, order) && earlier.currency === order.currency,
    }),
    'server-withdrawal-reference-spelling',
  ],
  [
    'repeat-network-as-text',
    () => ({
      isRepeat: (earlier, order) => LEDGER.isRepeat(earlier, order) && earlier.network === order.network,
    }),
    'server-withdrawal-reference-spelling',
  ],
  ['withdrawal-names-case-matters', () => ({ isName: (wanted, own) => wanted === own }), NAMES],
  [
    'withdrawal-names-lower-case',
    () => ({ created: (data) => ({ ...data, currency: String(data.currency).toLowerCase() }) }),
    NAMES,
  ],
  ['amount-by-prefix', reading((text) => /^[0-9]*\.?[0-9]+/.exec(text)?.[0] ?? text), GRAMMAR],
  ['amount-trimmed', reading((text) => text.trim()), GRAMMAR],
  ['amount-line-end', reading((text) => text.replace(/\n$/, '')), GRAMMAR],
  ['amount-leading-zeros', reading((text) => text.replace(/^0+(?=[0-9])/, '')), GRAMMAR],
  ['amount-plus', reading((text) => text.replace(/^\+/, '')), GRAMMAR],
  ['amount-exponent', reading((text) => text.replace(/e0$/, '')), GRAMMAR],
  ['amount-no-fraction', reading((text) => text.replace(/\.$/, '')), GRAMMAR],
  ['amount-no-integer', reading((text) => text.replace(/^\./, '0.')), GRAMMAR],
  ['amount-comma', reading((text) => text.replace(',', '.')), GRAMMAR],
  ['amount-underscores', reading((text) => text.replaceAll('_', '')), GRAMMAR],
  ['amount-hexadecimal', reading((text) => (/^0x/.test(text) ? String(Number(text)) : text)), GRAMMAR],
  ['amount-any-digits', reading((text) => text.replaceAll('\u0661', '1').replaceAll('\uff11', '1')), GRAMMAR],
  ['amount-suffix', reading((text) => text.replace(/f$/, '')), GRAMMAR],
  [
    'amount-in-a-list',
    changing('amount', (value) => (Array.isArray(value) ? (value[0] as unknown) : value)),
    GRAMMAR,
  ],
  ['amount-true-is-1', changing('amount', (value) => (value === true ? '1' : value)), GRAMMAR],
  ['address-of-9-characters', respelling('to_address', (text) => text.padEnd(10, 'x')), LENGTHS],
  ['address-of-257-characters', respelling('to_address', (text) => text.slice(0, 256)), LENGTHS],
  ['reference-empty-is-none', respelling('client_reference', (text) => text || null), LENGTHS],
  ['reference-of-129-characters', respelling('client_reference', (text) => text.slice(0, 128)), LENGTHS],
  [
    'address-of-10-characters-too-short',
    respelling('to_address', (text) => (text.length === 10 ? text.slice(1) : text)),
    LENGTHS,
  ],
  [
    'address-without-checksum',
    () => ({ isDestination: (address) => LEDGER.isDestination(address.toLowerCase()) }),
    'server-withdrawal-address-checksum',
  ],
  [
    'address-zero',
    () => ({ isDestination: (address) => LEDGER.isDestination(address) || /^0x0+$/.test(address) }),
    'server-withdrawal-address-zero',
  ],
  [
    'minimum-exclusive',
    () => ({ isEnough: (amount, minimum) => amount.gt(minimum) }),
    'server-withdrawal-minimum',
  ],
]);
