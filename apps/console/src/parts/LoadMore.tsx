import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface List {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  fetchNextPage(): unknown;
}

/** The end of a list that goes on. */
export function LoadMore({ list }: { readonly list: List }) {
  const { t } = useTranslation();
  if (!list.hasNextPage) return null;
  return (
    <Button
      className="more"
      variant="default"
      loading={list.isFetchingNextPage}
      onClick={() => void list.fetchNextPage()}
    >
      {t('load.more')}
    </Button>
  );
}
