import { isRejection, type Rejection } from '@cpg/protocol';

/** The verdict of a verifier, as the suite reads it. */
export const verdictOf = (result: object | Rejection) =>
  isRejection(result)
    ? { accepted: false, status: result.status, message: result.message }
    : { accepted: true };
