export { startCuttingProxy as cuttingProxy } from '@cpg/test-support/tcp-proxies';
