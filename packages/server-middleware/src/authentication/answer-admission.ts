import { REJECTIONS, type Rejection } from '@cpg/protocol';
import type { Admission } from '../admission/admission-store.ts';

const ANSWERS: Readonly<Record<Admission, Rejection | undefined>> = {
  admitted: undefined,
  replayed: REJECTIONS.signature_already_used,
  rate_limited: REJECTIONS.rate_limit_exceeded,
};

/** The answer to a store's decision; a value that is none of the three fails closed. Contract §2. */
export const answerAdmission = (admission: Admission): Rejection | undefined =>
  admission in ANSWERS ? ANSWERS[admission] : REJECTIONS.service_unavailable;
