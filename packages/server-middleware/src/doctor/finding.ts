/** The result of one check of `doctor`. */
export interface DoctorFinding {
  /** The name of the check; unique in a report. */
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'failure';
  /** What was found, and for a warning or a failure how to fix it. */
  readonly detail: string;
}

export interface DoctorReport {
  /** Whether no check failed. */
  readonly isHealthy: boolean;
  readonly findings: readonly DoctorFinding[];
}

export const ok = (check: string, detail: string): DoctorFinding => ({ check, status: 'ok', detail });
export const warning = (check: string, detail: string): DoctorFinding => ({
  check,
  status: 'warning',
  detail,
});
export const failure = (check: string, detail: string): DoctorFinding => ({
  check,
  status: 'failure',
  detail,
});

export const createReport = (findings: readonly DoctorFinding[]): DoctorReport => ({
  isHealthy: findings.every(({ status }) => status !== 'failure'),
  findings,
});

const CHECK_WIDTH = 16;

/** One line of a printed report. */
export const formatFinding = ({ status, check, detail }: DoctorFinding): string =>
  `${status.padEnd(8)} ${check.padEnd(CHECK_WIDTH)} ${detail}`;
