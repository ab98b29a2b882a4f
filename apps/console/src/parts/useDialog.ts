import { useState } from 'react';

/** Which of several dialogs is open, and for what. It stays what it is while it closes, so that it does not change on its way out. */
export function useDialog<Dialog>() {
  const [shown, setShown] = useState<Dialog>();
  const [isOpen, setIsOpen] = useState(false);
  return {
    shown,
    isOpen,
    open: (dialog: Dialog): void => {
      setShown(dialog);
      setIsOpen(true);
    },
    close: (): void => setIsOpen(false),
  };
}
