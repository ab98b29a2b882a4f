import { sha256 } from '../../platform/crypto/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { actorOf } from '../audit/index.ts';
import { type Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { outOfDate, writeSettings } from './change-settings.ts';
import { deleteLogo, loadLogo, replaceLogo } from './logo.repo.ts';
import { loadOwnSettings } from './settings.repo.ts';

/**
 * Sets the logo of the entered tenant, drawn anew, or takes it away (spec T2). It moves the version of the settings on like any
 * other of their changes.
 *
 * @throws {Problem} `settings.image_refused`, `settings.changed`, and those of `Images.redraw`
 */
export async function changeLogo(
  deps: Deps,
  caller: Caller,
  input: { version: number; image: string | null },
): Promise<void> {
  const picture = input.image === null ? null : await draw(deps, caller, input.version, input.image);
  if (picture === undefined)
    throw new Problem('settings.image_refused', {
      detail: 'Send a PNG of at most 1024 by 1024 pixels.',
    });
  await deps.doors.withTenant(caller.entered, async (tx) => {
    const row = await loadOwnSettings(tx);
    if (row?.settings_version !== input.version) throw outOfDate();
    const before = await loadLogo(tx);
    const digest = picture === null ? undefined : sha256(picture.png);
    if (before?.digest.toString('hex') === digest?.toString('hex')) return;
    const version = await writeSettings(deps, tx, input.version, row.settings);
    if (picture === null || digest === undefined) await deleteLogo(tx);
    else await replaceLogo(tx, { ...picture, digest }, deps.clock.now());
    const told = (logo: { digest: Buffer; width: number; height: number } | undefined) =>
      logo === undefined
        ? null
        : { digest: logo.digest.toString('hex'), width: logo.width, height: logo.height };
    await deps.audit.record(tx, {
      action: 'tenant_logo_changed',
      actor: actorOf(caller.principal),
      resource: { type: 'tenant', id: tx.tenantId },
      before: { version: input.version, logo: told(before) },
      after: {
        version,
        logo: told(picture === null || digest === undefined ? undefined : { ...picture, digest }),
      },
      request: caller.request,
    });
  });
  deps.tenantRules.forget([{ kind: 'settings', tenant_id: caller.entered.tenantId }]);
  deps.brands.forget();
}

/** Nothing is drawn for whoever would be told afterwards that the settings have been changed. */
async function draw(deps: Deps, { entered }: Caller, version: number, image: string) {
  const file = Buffer.from(image, 'base64');
  if (!deps.images.isPng(file)) return undefined;
  const row = await deps.doors.withTenant(entered, loadOwnSettings);
  if (row?.settings_version !== version) throw outOfDate();
  return deps.images.redraw(file, entered.tenantId);
}
