export { createPostgresTemplate, type Postgres, startPostgres } from './postgres.ts';
export { describeWithProgram } from './programs.ts';
export { RedisServer } from './redis.ts';
export { type NginxOptions, type ReverseProxy, startHaproxy, startNginx } from './reverse-proxies.ts';
export { countUploads, uploadWithCurl } from './uploads.ts';
