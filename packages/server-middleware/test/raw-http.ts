export { exchange, RawConnection } from '@cpg/test-support/raw-client';
