export { RedisServer } from '@cpg/test-support/redis';
