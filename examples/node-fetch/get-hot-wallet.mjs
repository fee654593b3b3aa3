// Get the hot wallet address of a network: GET /v1/hot-wallet-address.
import { BASE_URL, signRequest } from './sign-request.mjs';

const target = '/v1/hot-wallet-address?network=ETH';
const headers = signRequest('GET', target);
const response = await fetch(BASE_URL + target, { headers, redirect: 'error' });
process.stdout.write(`${await response.text()}\n`);
