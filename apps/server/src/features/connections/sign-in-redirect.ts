import type { FastifyReply, FastifyRequest } from 'fastify';
import { asProblem, type Problem, sendProblem } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import type { Attempt } from './sign-in-attempt.ts';

/** SECURITY: neither the address with its code nor where it leads is kept or told to the next page. */
export const sendBrowser = (reply: FastifyReply, to: URL) =>
  reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer').redirect(to.href, 303);

/** The page that what was begun goes back to, told in the fragment, which browsers send to no server. */
export function pageWith({ returnTo }: { returnTo: string }, told: Record<string, string>): URL {
  const page = new URL(returnTo);
  page.hash = new URLSearchParams(told).toString();
  return page;
}

/** A program is told as everywhere; a person sees the sign-in page, which says what was wrong and offers to begin again. */
export function refuseSignIn(
  deps: Pick<Deps, 'config'>,
  request: FastifyRequest,
  reply: FastifyReply,
  { problem, attempt, linkToken }: { problem: unknown; attempt?: Attempt; linkToken?: string },
) {
  const told = asProblem(problem as Problem);
  if (!(request.headers.accept ?? '').includes('text/html')) throw told;
  if (told.status >= 500 && told.code !== 'auth.provider_failed') return sendProblem(request, reply, told);
  // Whoever links an account is signed in.
  if (attempt?.linksTo !== undefined)
    return sendBrowser(reply, pageWith(attempt, { 'not-linked': told.code }));
  // So is whoever proves anew who they are.
  if (attempt?.proves !== undefined)
    return sendBrowser(reply, pageWith(attempt, { 'not-proved': told.code }));
  // The invitation stays open, and its page offers the other ways to accept it.
  const isInvited = attempt?.invitation !== undefined && linkToken === undefined;
  const page = new URL(isInvited ? '/invitation' : '/signin', deps.config.publicUrl);
  page.searchParams.set('problem', told.code);
  const home = `${deps.config.publicUrl}/`;
  if (!isInvited && attempt?.returnTo.startsWith(home) === true && attempt.returnTo !== home)
    page.searchParams.set('returnTo', attempt.returnTo.slice(home.length - 1));
  if (linkToken !== undefined) page.hash = new URLSearchParams({ link: linkToken }).toString();
  return sendBrowser(reply, page);
}
