export interface Question { title: string; text: string; action: string; danger: boolean; answer: (yes: boolean) => void }

const state = $state<{ question: Question | null }>({ question: null });

export const question = (): Question | null => state.question;

/** Asks before something that cannot be taken back; true when the person wants it. */
export function ask(title: string, text: string, action: string, danger = true): Promise<boolean> {
  state.question?.answer(false);
  return new Promise((resolve) => {
    state.question = {
      title, text, action, danger,
      answer: (yes) => {
        state.question = null;
        resolve(yes);
      },
    };
  });
}
