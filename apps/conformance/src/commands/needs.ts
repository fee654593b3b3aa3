import type { Layer } from '../core/verdict.ts';

const ADAPTER = 'the adapter';

const OF_AN_ADAPTER: Readonly<Record<string, string>> = {
  sign: `${ADAPTER} names the role sign: it signs a request that it is given`,
  verify: `${ADAPTER} names the role verify: it decides whether a request would be let in`,
  webhook: `${ADAPTER} names the role webhook: it decides whether a delivery would be believed`,
  call: `${ADAPTER} names the role call: it makes a call with the client`,
  errors: `${ADAPTER} can say why something failed or was refused, as every one that speaks JSON lines can`,
  memory: `${ADAPTER} lives on between two commands, as every one that speaks JSON lines does`,
  clock: `${ADAPTER} names the capability clock: its client's clock can be set, and sleeping moves it`,
  transactions: `${ADAPTER} names the capability transactions: it knows the operation transactions.list`,
  'text-ids': `${ADAPTER} names the capability text-ids: it hands any text to withdrawals.get as an id`,
};

const OF_A_SERVER: Readonly<Record<string, string>> = {
  clock: 'the server has a clock that can be moved: --clock-url',
  store: 'the server has a switch for its admission store: --store-url',
  peer: 'a second instance shares the admission store: --peer-url',
  proxy:
    'the server trusts an address of this machine as a proxy: --proxy-address, and the role ipEdges in the keys',
  only: 'the keys file has a key for each permission: only',
  withdrawal: 'the keys file says what can be withdrawn: withdrawal',
};

/** What a need of a case means, and how it is met; `undefined` for a word that is none. */
export const meaningOf = (need: string, layer: Layer): string | undefined =>
  (layer === 'server' ? OF_A_SERVER : OF_AN_ADAPTER)[need];
