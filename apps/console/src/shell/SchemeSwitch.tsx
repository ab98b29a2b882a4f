import { useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

const schemes = [
  { value: 'light', Icon: IconSun },
  { value: 'dark', Icon: IconMoon },
  { value: 'auto', Icon: IconDeviceDesktop },
] as const;

export function SchemeSwitch() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <div className="scheme" role="group" aria-label={t('scheme.label')}>
      {schemes.map(({ value, Icon }) => (
        <button
          key={value}
          type="button"
          aria-pressed={colorScheme === value}
          aria-label={t(`scheme.${value}`)}
          title={t(`scheme.${value}`)}
          onClick={() => setColorScheme(value)}
        >
          <Icon size={18} stroke={1.6} aria-hidden />
        </button>
      ))}
    </div>
  );
}
