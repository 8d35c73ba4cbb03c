import * as vscode from 'vscode';

/** What a step answers beside its value: the person went back, or away. */
export const BACK = Symbol('back');
export const AWAY = Symbol('away');
export type Answer<T> = T | typeof BACK | typeof AWAY;

export interface StepHead {
  readonly title: string;
  /** 1-based; VS Code writes `(1/4)`. */
  readonly step?: number;
  readonly total?: number;
  /** Whether there is a step to go back to. */
  readonly back: boolean;
}

export interface TextStep extends StepHead {
  readonly prompt: string;
  readonly value?: string;
  readonly placeholder?: string;
  readonly password?: boolean;
  /** What is wrong with the text, or undefined. */
  readonly check?: (text: string) => string | undefined;
}

/** Asks for a text. Nothing is lost when the window loses the focus. */
export function askText(step: TextStep): Promise<Answer<string>> {
  const box = vscode.window.createInputBox();
  head(box, step);
  box.prompt = step.prompt;
  box.value = step.value ?? '';
  box.placeholder = step.placeholder ?? '';
  box.password = step.password === true;
  const check = () => {
    const problem = step.check?.(box.value);
    (box as { validationMessage: unknown }).validationMessage = problem;
    return problem === undefined;
  };
  return new Promise(resolve => {
    let answer: Answer<string> = AWAY;
    const end = (value: Answer<string>) => {
      answer = value;
      box.hide();
    };
    box.onDidChangeValue(check);
    box.onDidTriggerButton(() => end(BACK));
    box.onDidAccept(() => {
      // A password may begin or end with a blank.
      if (check()) end(step.password === true ? box.value : box.value.trim());
    });
    box.onDidHide(() => {
      box.dispose();
      resolve(answer);
    });
    box.show();
  });
}

export interface PickStep<I extends vscode.QuickPickItem> extends StepHead {
  readonly placeholder: string;
  readonly items: readonly I[];
  readonly active?: I;
  /** Typed text becomes items; they stand first. */
  readonly typed?: (text: string) => readonly I[];
  /** Runs while the box is open; may add items and say that it is busy. */
  readonly while?: (pick: vscode.QuickPick<I>, signal: AbortSignal) => Promise<void>;
}

/** Asks for one of several. */
export function askPick<I extends vscode.QuickPickItem>(step: PickStep<I>): Promise<Answer<I>> {
  const pick = vscode.window.createQuickPick<I>();
  head(pick, step);
  pick.placeholder = step.placeholder;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.items = step.items;
  if (step.active !== undefined) pick.activeItems = [step.active];
  const controller = new AbortController();
  return new Promise(resolve => {
    let answer: Answer<I> = AWAY;
    const end = (value: Answer<I>) => {
      answer = value;
      pick.hide();
    };
    pick.onDidChangeValue(text => {
      const made = step.typed?.(text.trim()) ?? [];
      if (step.typed !== undefined) pick.items = [...made, ...pick.items.filter(item => step.items.includes(item))];
    });
    pick.onDidTriggerButton(() => end(BACK));
    pick.onDidAccept(() => {
      const [item] = pick.selectedItems;
      if (item !== undefined) end(item);
    });
    pick.onDidHide(() => {
      controller.abort();
      pick.dispose();
      resolve(answer);
    });
    pick.show();
    void step.while?.(pick, controller.signal);
  });
}

/** Asks for any of several. */
export function askMany<I extends vscode.QuickPickItem>(step: PickStep<I>): Promise<Answer<readonly I[]>> {
  const pick = vscode.window.createQuickPick<I>();
  head(pick, step);
  pick.canSelectMany = true;
  pick.placeholder = step.placeholder;
  pick.items = step.items;
  pick.selectedItems = step.items.filter(item => item.picked === true);
  return new Promise(resolve => {
    let answer: Answer<readonly I[]> = AWAY;
    pick.onDidTriggerButton(() => {
      answer = BACK;
      pick.hide();
    });
    pick.onDidAccept(() => {
      answer = [...pick.selectedItems];
      pick.hide();
    });
    pick.onDidHide(() => {
      pick.dispose();
      resolve(answer);
    });
    pick.show();
  });
}

function head(input: vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>, step: StepHead): void {
  input.title = step.title;
  input.ignoreFocusOut = true;
  if (step.step !== undefined && step.total !== undefined) {
    input.step = step.step;
    input.totalSteps = step.total;
  }
  if (step.back) input.buttons = [vscode.QuickInputButtons.Back];
}

/** A line between groups of items. */
export const separator = (label: string) => ({ label, kind: vscode.QuickPickItemKind.Separator });
