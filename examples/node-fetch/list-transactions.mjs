// List transactions: GET /v1/transactions.
import { BASE_URL, signRequest } from './sign-request.mjs';

const target = '/v1/transactions?direction=withdrawal&limit=20';
const headers = signRequest('GET', target);
const response = await fetch(BASE_URL + target, { headers, redirect: 'error' });
process.stdout.write(`${await response.text()}\n`);
