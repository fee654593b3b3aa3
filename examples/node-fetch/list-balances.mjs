// List balances: GET /v1/balances.
import { BASE_URL, signRequest } from './sign-request.mjs';

const target = '/v1/balances?currency=USDT&network=ETH';
const headers = signRequest('GET', target);
const response = await fetch(BASE_URL + target, { headers, redirect: 'error' });
process.stdout.write(`${await response.text()}\n`);
