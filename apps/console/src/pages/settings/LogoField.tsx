import { Button, FileButton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { sayProblem } from '../../data/problem.ts';
import { useRemoveLogo, useSetLogo } from '../../data/settings/mutations.ts';
import { asPng } from './as-png.ts';
import type { SectionProps } from './Section.tsx';

/** The logo as it is shown, on white in light and in dark, and another one in its place. */
export function LogoField({ now, locked }: SectionProps) {
  const { t } = useTranslation();
  const set = useSetLogo(now);
  const remove = useRemoveLogo(now);
  const [fault, setFault] = useState<string | null>(null);
  const again = useRef<() => void>(null);
  const { logo } = now;

  const done = (text: string) => ({
    onSuccess: () => notifications.show({ message: t(text) }),
    onError: (error: unknown) => setFault(sayProblem(error)),
  });
  async function choose(file: File | null): Promise<void> {
    // The same file can be chosen again.
    again.current?.();
    if (!file) return;
    setFault(null);
    const image = await asPng(file).catch(() => null);
    if (image === null) setFault(t('settings.branding.logoUnreadable', { file: file.name }));
    else set.mutate(image, done('settings.branding.logoSet'));
  }

  return (
    <div className="logo-field">
      <h3 id="logo">{t('settings.branding.logo')}</h3>
      {logo ? (
        <div className="logo-ground">
          <img src={logo.url} width={logo.width} height={logo.height} alt={t('settings.branding.shown')} />
        </div>
      ) : (
        <p className="logo-none">{t('settings.branding.noLogo')}</p>
      )}
      <p className="soft">{t('settings.branding.logoHint')}</p>
      {!locked && (
        <div className="account-acts">
          <FileButton
            resetRef={again}
            onChange={(file) => void choose(file)}
            accept="image/png,image/jpeg,image/webp,image/svg+xml"
            inputProps={{ 'aria-label': t('settings.branding.logoFile') }}
          >
            {(props) => (
              <Button {...props} variant="default" loading={set.isPending}>
                {t(logo ? 'settings.branding.logoReplace' : 'settings.branding.logoChoose')}
              </Button>
            )}
          </FileButton>
          {logo && (
            <Button
              variant="default"
              loading={remove.isPending}
              onClick={() => {
                setFault(null);
                remove.mutate(undefined, done('settings.branding.logoRemoved'));
              }}
            >
              {t('settings.branding.logoRemove')}
            </Button>
          )}
        </div>
      )}
      <p className="logo-fault" role="alert">
        {fault}
      </p>
    </div>
  );
}
