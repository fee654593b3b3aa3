// Check that requests are signed correctly: GET /v1/_ping.
import { CpgClient } from '@cpg/client';

const cpg = CpgClient.fromEnv();
const envelope = await cpg.ping();
process.stdout.write(`${JSON.stringify(envelope)}\n`);
