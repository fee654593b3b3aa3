// Get the hot wallet address of a network: GET /v1/hot-wallet-address.
import { CpgClient } from '@cpg/client';

const cpg = CpgClient.fromEnv();
const envelope = await cpg.hotWallet.get({ network: 'ETH' });
process.stdout.write(`${JSON.stringify(envelope)}\n`);
