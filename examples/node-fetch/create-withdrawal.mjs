// Create a withdrawal: POST /v1/withdrawals.
import { BASE_URL, signRequest } from './sign-request.mjs';

const target = '/v1/withdrawals';
const body = JSON.stringify({
  currency: 'USDT',
  network: 'ETH',
  amount: '25.5',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  client_reference: 'payout-2026-001',
});
const headers = { 'Content-Type': 'application/json', ...signRequest('POST', target, { body }) };
const response = await fetch(BASE_URL + target, { method: 'POST', headers, body, redirect: 'error' });
process.stdout.write(`${await response.text()}\n`);
