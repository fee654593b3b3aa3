import { TIMER_MARGIN_MS } from '../options.ts';
import { checkCache, checkClock, checkProtection, checkReplay, checkRetries } from './admission-checks.ts';
import {
  checkBodyLimit,
  checkEarlyRejections,
  checkExpectation,
  checkRequestCompression,
  checkResponseCompression,
  checkSmallBody,
} from './body-checks.ts';
import { type DoctorFinding, failure, ok } from './finding.ts';
import { checkMethods, checkPaths, checkQuery } from './path-checks.ts';
import {
  type Examined,
  getNow,
  makeHarmless,
  makeUnique,
  type ProbeResult,
  Prober,
  type ProberOptions,
  type UrlCheck,
} from './prober.ts';
import {
  checkEncryption,
  checkHttp10,
  checkKeepAlive,
  checkRepeatedHeaders,
  checkUnderscores,
} from './transport-checks.ts';

const CHECKS: readonly UrlCheck[] = [
  checkProtection,
  checkReplay,
  checkRetries,
  checkCache,
  checkClock,
  checkPaths,
  checkQuery,
  checkMethods,
  checkSmallBody,
  checkBodyLimit,
  checkEarlyRejections,
  checkRequestCompression,
  checkResponseCompression,
  checkExpectation,
  checkRepeatedHeaders,
  checkUnderscores,
  checkHttp10,
  checkKeepAlive,
  checkEncryption,
];

export interface UrlSettings extends Pick<ProberOptions, 'keyId' | 'secret' | 'timeoutMs'> {
  readonly url: URL;
  readonly target: string;
  /** Milliseconds for all checks. */
  readonly deadlineMs: number;
}

/** Examines a public URL, check by check; stops if a correct request is not authenticated. */
export async function* checkUrl(settings: UrlSettings): AsyncGenerator<DoctorFinding> {
  const { url, deadlineMs } = settings;
  const deadline = performance.now() + deadlineMs;
  const isTls = url.protocol === 'https:';
  const port = Number(url.port || (isTls ? 443 : 80));
  const origin = { hostname: url.hostname, port, isTls };
  const prober = new Prober({ ...settings, origin, host: url.host, deadline });
  const target = `${url.pathname.replace(/\/$/, '')}${settings.target}`;
  for (const check of [checkAuthentication, ...CHECKS]) {
    const findings = await check({ url, target, prober });
    // A probe that was cut short at the deadline proves nothing.
    if (deadline - performance.now() < TIMER_MARGIN_MS) {
      yield failure('deadline', `the checks took longer than ${deadlineMs} ms; the rest was left out`);
      return;
    }
    yield* findings;
    if (check === checkAuthentication && findings.some(({ status }) => status === 'failure')) return;
  }
}

const checkAuthentication: UrlCheck = async (examined) => {
  const { prober, target } = examined;
  const check = 'authentication';
  const result = await prober.send({ target: makeUnique(target) });
  if (result.verdict === 'authenticated') {
    return [
      result.status < 300
        ? ok(check, `a signed request is authenticated: ${result.detail}`)
        : failure(
            check,
            `GET ${makeHarmless(target)} must succeed: ${result.detail}. Fix: a URL without /v1, or a target that the key may GET.`,
          ),
    ];
  }
  const cause =
    result.verdict === 'invalid_signature' ? await explainSignature(examined) : explainRejection(result);
  return [failure(check, `${result.detail}. ${cause}`)];
};

/** Signs what a proxy may have made of the request, to find out how it rewrites. */
const explainSignature = async ({ prober, target }: Examined): Promise<string> => {
  const [, firstSegment = '', rest = ''] = /^(\/[^/?]*)(\/[^?]*)$/.exec(target) ?? [];
  const unique = makeUnique(target);
  const query = unique.slice(unique.indexOf('?'));
  if (rest !== '') {
    const stripped = await prober.send({ target: unique, signedTarget: `${rest}${query}` });
    if (stripped.verdict === 'authenticated') {
      return `A proxy removes ${firstSegment} from the path, and clients sign it. Fix: ${NO_URI_PART}; or tell the service the prefix.`;
    }
  }
  const withoutQuery = await prober.send({ target: unique, signedTarget: target });
  if (withoutQuery.verdict === 'authenticated') {
    return 'A proxy removes the query. Fix: pass the target on unchanged; nginx: $request_uri, not $uri.';
  }
  return 'Check the key id and the secret. If they are right, a proxy changes the method or the path.';
};

const NO_URI_PART =
  'nginx: proxy_pass http://upstream; without a path, not even /. Apache: the same prefix on both sides of ProxyPass. Envoy: no prefix_rewrite';

const explainRejection = ({ verdict, headers }: ProbeResult): string => {
  if (verdict === 'foreign') {
    const { location } = headers;
    return location === undefined
      ? 'Is this the URL of the service, and is the service up?'
      : `It redirects to ${makeHarmless(location)}: clients never follow redirects. Fix: use that URL.`;
  }
  if (verdict === 'timestamp_outside_window') return `${describeDate(headers.date)} Fix: run NTP on both.`;
  return EXPLANATIONS[verdict] ?? 'See the log of the service.';
};

const EXPLANATIONS: Partial<Record<ProbeResult['verdict'], string>> = {
  none: 'Check the URL, the certificate, and the firewall.',
  missing_authentication_headers: 'A proxy removes the X-CPG headers. Fix: pass all request headers on.',
  malformed_authentication_headers:
    'A proxy repeats or changes the X-CPG headers. Fix: pass them on once, unchanged.',
  signature_already_used:
    'It was the first use, so a proxy sends requests twice. Fix: no mirror, no retries (nginx: proxy_next_upstream off).',
  source_ip_not_whitelisted:
    "The key has a whitelist. If this machine's address is in it, set trust proxy to the proxies in front of the service, which must write X-Forwarded-For.",
  rate_limit_exceeded: 'Use a key that may send 100 requests a minute.',
  too_many_requests_from_ip:
    'Wait a minute. If this address has no other users, set trust proxy: all clients share one limit.',
  service_unavailable: 'A store or the database of the service is down, see its log.',
};

const describeDate = (date: string | undefined): string => {
  const seconds = Math.round(Date.parse(date ?? '') / 1000) - getNow();
  const seen = Number.isNaN(seconds)
    ? 'has none'
    : `is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} this machine`;
  return `The clocks differ by more than 300 s; the header Date of the response ${seen}.`;
};
