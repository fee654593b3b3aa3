import { isWithinWindow, parseTimestamp, REJECTIONS, type Rejection } from '@cpg/protocol';

/** Unix seconds of a timestamp header in the strict grammar and within the window; else the 401. Contract §1.1, §2. */
export const checkTimestamp = (text: string, now: number): number | Rejection => {
  const timestamp = parseTimestamp(text);
  return timestamp !== undefined && isWithinWindow(timestamp, now)
    ? timestamp
    : REJECTIONS.timestamp_outside_window;
};
