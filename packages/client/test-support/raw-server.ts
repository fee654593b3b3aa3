export {
  type CapturedRequest,
  getHeader as headerOf,
  type RawHandler,
  RawServer,
} from '@cpg/test-support/raw-server';
