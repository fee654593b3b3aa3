export {
  ok,
  reject as refuse,
  respond as answer,
  type ScriptedResponse as RawAnswer,
} from '@cpg/test-support/raw-server';
