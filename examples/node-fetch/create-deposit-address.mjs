// Request a deposit address: POST /v1/deposit-addresses.
import { BASE_URL, signRequest } from './sign-request.mjs';

const target = '/v1/deposit-addresses';
const body = JSON.stringify({
  currency: 'USDT',
  network: 'ETH',
  user_identifier: 'user-42',
  idempotency_key: 'topup-2026-001',
});
const headers = { 'Content-Type': 'application/json', ...signRequest('POST', target, { body }) };
const response = await fetch(BASE_URL + target, { method: 'POST', headers, body, redirect: 'error' });
process.stdout.write(`${await response.text()}\n`);
