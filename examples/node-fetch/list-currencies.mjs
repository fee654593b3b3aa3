// List currencies: GET /v1/currencies.
import { BASE_URL, signRequest } from './sign-request.mjs';

const target = '/v1/currencies';
const headers = signRequest('GET', target);
const response = await fetch(BASE_URL + target, { headers, redirect: 'error' });
process.stdout.write(`${await response.text()}\n`);
