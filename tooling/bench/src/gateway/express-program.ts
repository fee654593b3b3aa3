import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';

/** A bare Express route that reads the balances of an account with pg, as the measure of the gateway's. */
const [connectionString = '', kind] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, max: 16 });
pool.on('error', () => undefined);
const TEXT = `SELECT balance.currency, balance.network, balance, held, decimals FROM balance
  JOIN currency ON currency.currency = balance.currency AND currency.network = balance.network
  WHERE account_id = $1 ORDER BY balance.currency, balance.network`;
const name = kind === 'prepared' ? { name: 'balances' } : {};

const app = express();
app.get('/v1/balances', async (request, response) => {
  const account = String(request.get('X-CPG-Key')).replace('ck_', 'acct_');
  const { rows } = await pool.query({ ...name, text: TEXT, values: [account] });
  response.json({ success: true, data: rows });
});
const server = app.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
server.keepAliveTimeout = 0;
process.on('disconnect', () => process.exit());
