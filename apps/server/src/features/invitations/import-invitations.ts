import type {
  ImportFault,
  ImportInvitations,
  InvitationImport,
  InvitationImportCheck,
} from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { newId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { lockAdministrators } from '../roles/index.ts';
import { judgeImport, type JudgedImport } from './judge-import.ts';
import { makeInvitation } from './make-invitation.ts';
import { faultAt, type ReadImport, readImport } from './read-import.ts';

const MOST_LINES = 500;
const MOST_FAULTS = 500;

/** So many lines as mails that the tenant could have sent in an hour: a longer file could never be sent as one. */
const mostLines = ({ config }: Deps) => Math.min(MOST_LINES, config.tenantMailLimit);

const judge = (deps: Deps, tx: TenantTx, read: ReadImport, { principal }: Caller): Promise<JudgedImport> =>
  judgeImport(tx, read, principal, { most: mostLines(deps), now: deps.clock.now() });

/** What is wrong with a file of invitations. Nothing is sent, and nothing is kept. */
export async function checkImport(deps: Deps, caller: Caller, csv: string): Promise<InvitationImportCheck> {
  const read = readImport(csv);
  const { good, faults } = await deps.doors.withTenant(caller.entered, (tx) => judge(deps, tx, read, caller));
  return {
    lines: new Set([...read.lines, ...read.faults].map(({ line }) => line)).size,
    good: good.length,
    most: mostLines(deps),
    faults: faults.slice(0, MOST_FAULTS),
  };
}

/**
 * Invites everybody on a list, in one transaction with one record of it: all of its lines, or those without a fault, judged anew.
 *
 * @throws {Problem} `invitations.import_faulty` where nothing is left to do, or all were asked for; `rate.limited`, and whatever `grant` throws
 */
export async function importInvitations(
  deps: Deps,
  caller: Caller,
  input: ImportInvitations,
): Promise<InvitationImport> {
  const { principal, entered, request } = caller;
  const read = readImport(input.csv);
  // Counted are mails to lines that look good beforehand: the counts need a connection of their own.
  const before = await deps.doors.withTenant(entered, (tx) => judge(deps, tx, read, caller));
  checkFit(input, before.good.length, before.faults);
  const emails = before.good.map(({ email }) => email);
  return deps.mailLimits.withinLimitsOfAll('invitation', entered.actorTenantId, emails, (refused) =>
    deps.doors.withTenant(entered, async (tx) => {
      await lockAdministrators(tx);
      const judged = await judge(deps, tx, read, caller);
      // What has become good since was not counted, and waits for another file.
      const good = judged.good.filter(({ email }) => emails.includes(email) && !refused.has(email));
      const unsent = judged.good
        .filter((each) => !good.includes(each))
        .map(({ line, email }) => faultAt(line, 'email', 'mail_limit', email));
      const faults = [...judged.faults, ...unsent].sort((one, other) => one.line - other.line);
      checkFit(input, good.length, faults);
      const importId = newId();
      for (const { email, roles } of good) {
        if ((await makeInvitation(deps, tx, caller, { email, roles, importId })) === undefined)
          throw new Error('an address that was not invited is, under the lock');
      }
      const left = new Set(faults.map(({ line }) => line)).size;
      await deps.audit.record(tx, {
        action: 'invitations_imported',
        actor: actorOf(principal),
        resource: { type: 'invitation_import', id: importId },
        after: { invited: good.length, leftOut: left },
        request,
      });
      const sent = new Set(good.map(({ email }) => email));
      return { sent, answer: { importId, invited: good.length, faults: faults.slice(0, MOST_FAULTS) } };
    }),
  );
}

function checkFit({ lines }: ImportInvitations, good: number, faults: readonly ImportFault[]): void {
  if (good > 0 && (lines === 'good' || faults.length === 0)) return;
  const [first] = faults;
  throw new Problem('invitations.import_faulty', {
    detail: first
      ? `The first fault is in line ${first.line} (${first.code}). Nothing was sent: have the file checked, and mend it or send the good lines.`
      : 'There is no line in it that could be invited.',
  });
}
