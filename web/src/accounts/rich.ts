import { baseKeymap, chainCommands, exitCode, setBlockType, toggleMark, wrapIn, lift } from 'prosemirror-commands';
import { dropCursor } from 'prosemirror-dropcursor';
import { history, redo, undo } from 'prosemirror-history';
import { inputRules, textblockTypeInputRule, wrappingInputRule } from 'prosemirror-inputrules';
import { keymap } from 'prosemirror-keymap';
import type { Attrs, MarkType, NodeType } from 'prosemirror-model';
import { liftListItem, sinkListItem, splitListItem, wrapInList } from 'prosemirror-schema-list';
import { EditorState, NodeSelection, Plugin, PluginKey, type Command } from 'prosemirror-state';
import { Decoration, DecorationSet, EditorView } from 'prosemirror-view';
import 'prosemirror-view/style/prosemirror.css';
import { clamp, fromMarkdown, schema, toMarkdown } from './article-markdown';

// The rich editor: what one sees is what the Markdown of docs/protocol.md can say, nothing else. This file and its libraries load with the page that writes.

const { nodes, marks } = schema;
export type Action = 'strong' | 'em' | 'strike' | 'code' | 'h2' | 'h3' | 'quote' | 'bullets' | 'numbers' | 'codeBlock' | 'rule' | 'undo' | 'redo';

const insertRule: Command = (state, dispatch) => {
  dispatch?.(state.tr.replaceSelectionWith(nodes.horizontal_rule!.create()).scrollIntoView());
  return true;
};
const inside = (state: EditorState, type: NodeType, attrs?: Attrs): boolean => {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth--) {
    const node = $from.node(depth);
    if (node.type === type && (!attrs || Object.entries(attrs).every(([name, value]) => node.attrs[name] === value))) return true;
  }
  return false;
};
/** Makes the block of this type, or a plain paragraph again. */
const turn = (type: NodeType, attrs?: Attrs): Command => (state, dispatch) =>
  (inside(state, type, attrs) ? setBlockType(nodes.paragraph!) : setBlockType(type, attrs))(state, dispatch);
const list = (type: NodeType): Command => (state, dispatch) =>
  (inside(state, type) ? liftListItem(nodes.list_item!) : wrapInList(type))(state, dispatch);
const quote: Command = (state, dispatch) => (inside(state, nodes.blockquote!) ? lift : wrapIn(nodes.blockquote!))(state, dispatch);

const actions: Record<Action, Command> = {
  strong: toggleMark(marks.strong!),
  em: toggleMark(marks.em!),
  strike: toggleMark(marks.strike!),
  code: toggleMark(marks.code!),
  h2: turn(nodes.heading!, { level: 2 }),
  h3: turn(nodes.heading!, { level: 3 }),
  quote,
  bullets: list(nodes.bullet_list!),
  numbers: list(nodes.ordered_list!),
  codeBlock: turn(nodes.code_block!),
  rule: insertRule,
  undo,
  redo,
};

const hardBreak = chainCommands(exitCode, (state, dispatch) => {
  dispatch?.(state.tr.replaceSelectionWith(nodes.hard_break!.create()).scrollIntoView());
  return true;
});

interface Waiting { add?: { id: object; at: number }; remove?: { id: object } }
const waitingKey = new PluginKey<DecorationSet>('waiting');
/** Where pictures that are being sent will stand; the places move with the text meanwhile. */
const waiting = (label: string) => new Plugin<DecorationSet>({
  key: waitingKey,
  state: {
    init: () => DecorationSet.empty,
    apply(tr, set) {
      const moved = set.map(tr.mapping, tr.doc);
      const meta = tr.getMeta(waitingKey) as Waiting | undefined;
      if (meta?.add) {
        const mark = document.createElement('span');
        mark.className = 'waiting';
        mark.textContent = label;
        return moved.add(tr.doc, [Decoration.widget(meta.add.at, mark, { id: meta.add.id })]);
      }
      return meta?.remove ? moved.remove(moved.find(undefined, undefined, (spec) => spec.id === meta.remove!.id)) : moved;
    },
  },
  props: { decorations: (state) => waitingKey.getState(state) },
});

export interface RichOptions {
  markdown: string;
  label: string;
  waitingLabel: string;
  onchange: () => void;
  /** The selection moved or something changed: buttons show what is on. */
  onmove: () => void;
  /** Sends a picture and gives its address, or null after saying what went wrong. */
  upload: (file: File) => Promise<string | null>;
  onlink: () => void;
}

export class RichEditor {
  readonly #view: EditorView;
  readonly #options: RichOptions;

  constructor(place: HTMLElement, options: RichOptions) {
    this.#options = options;
    const picturesOf = (data: DataTransfer | null) => [...(data?.files ?? [])].filter((file) => file.type.startsWith('image/'));
    this.#view = new EditorView(place, {
      state: this.#stateOf(options.markdown),
      attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': options.label, 'data-testid': 'rich', class: 'rich' },
      dispatchTransaction: (tr) => {
        this.#view.updateState(this.#view.state.apply(tr));
        options.onmove();
        if (tr.docChanged) options.onchange();
      },
      handlePaste: (view, event) => {
        const files = picturesOf(event.clipboardData);
        for (const file of files) void this.addPicture(file, view.state.selection.from);
        return files.length > 0;
      },
      handleDrop: (view, event) => {
        const files = picturesOf(event.dataTransfer);
        const at = view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos ?? view.state.selection.from;
        for (const file of files) void this.addPicture(file, at);
        if (files.length > 0) event.preventDefault();
        return files.length > 0;
      },
    });
  }

  get markdown(): string {
    return toMarkdown(this.#view.state.doc);
  }

  set markdown(text: string) {
    this.#view.updateState(this.#stateOf(text));
    this.#options.onmove();
  }

  run(action: Action): void {
    actions[action](this.#view.state, this.#view.dispatch, this.#view);
    this.#view.focus();
  }

  isOn(action: Action): boolean {
    const state = this.#view.state;
    switch (action) {
      case 'strong': case 'em': case 'strike': case 'code': return this.#hasMark(marks[action]!);
      case 'h2': return inside(state, nodes.heading!, { level: 2 });
      case 'h3': return inside(state, nodes.heading!, { level: 3 });
      case 'quote': return inside(state, nodes.blockquote!);
      case 'bullets': return inside(state, nodes.bullet_list!);
      case 'numbers': return inside(state, nodes.ordered_list!);
      case 'codeBlock': return inside(state, nodes.code_block!);
      default: return false;
    }
  }

  /** The link at the cursor, '' when there is none. */
  get link(): string {
    const { $from, from, to, empty } = this.#view.state.selection;
    const mark = marks.link!;
    const found = empty ? mark.isInSet($from.marks()) : undefined;
    if (found) return found.attrs.href as string;
    let href = '';
    this.#view.state.doc.nodesBetween(from, to, (node) => {
      href ||= (mark.isInSet(node.marks)?.attrs.href as string | undefined) ?? '';
    });
    return href;
  }

  /** Links what is selected; with nothing selected the address itself is written. '' takes the link away. */
  setLink(href: string): void {
    const { state } = this.#view;
    const { from, to, empty } = state.selection;
    const mark = marks.link!;
    let tr = state.tr;
    if (href && empty) tr = tr.insert(from, schema.text(href, [mark.create({ href })]));
    else tr = href ? tr.addMark(from, to, mark.create({ href })) : this.#withoutLink(tr.removeMark(from, to, mark));
    this.#view.dispatch(tr.scrollIntoView());
    this.#view.focus();
  }

  /** The description of the chosen picture, or null when none is chosen. */
  get alt(): string | null {
    const { selection } = this.#view.state;
    return selection instanceof NodeSelection && selection.node.type === nodes.image ? ((selection.node.attrs.alt as string | null) ?? '') : null;
  }

  set alt(text: string) {
    const { state } = this.#view;
    if (state.selection instanceof NodeSelection && state.selection.node.type === nodes.image) {
      const { from, node } = state.selection;
      const tr = state.tr.setNodeMarkup(from, undefined, { ...node.attrs, alt: text });
      this.#view.dispatch(tr.setSelection(NodeSelection.create(tr.doc, from)));
    }
    this.#view.focus();
  }

  async addPicture(file: File, at = this.#view.state.selection.from): Promise<void> {
    const id = {};
    this.#view.dispatch(this.#view.state.tr.setMeta(waitingKey, { add: { id, at } } satisfies Waiting));
    const src = await this.#options.upload(file).catch(() => null);
    if (this.#view.isDestroyed) return;
    const place = waitingKey.getState(this.#view.state)?.find(undefined, undefined, (spec) => spec.id === id)[0];
    let tr = this.#view.state.tr.setMeta(waitingKey, { remove: { id } } satisfies Waiting);
    // The text around its place was deleted meanwhile: then so is the picture.
    if (src && place) tr = tr.replaceWith(place.from, place.from, nodes.image!.create({ src, alt: '' }));
    this.#view.dispatch(tr);
  }

  focus(): void {
    this.#view.focus();
  }

  destroy(): void {
    this.#view.destroy();
  }

  #hasMark(type: MarkType): boolean {
    const { from, to, empty, $from } = this.#view.state.selection;
    return empty ? !!type.isInSet(this.#view.state.storedMarks ?? $from.marks()) : this.#view.state.doc.rangeHasMark(from, to, type);
  }

  #withoutLink(tr: EditorState['tr']) {
    const { $from } = this.#view.state.selection;
    const start = $from.start();
    $from.parent.forEach((node, offset) => {
      const from = start + offset;
      if (from <= $from.pos && $from.pos <= from + node.nodeSize) tr.removeMark(from, from + node.nodeSize, marks.link!);
    });
    return tr;
  }

  #stateOf(markdown: string): EditorState {
    return EditorState.create({
      doc: fromMarkdown(markdown),
      plugins: [
        inputRules({
          rules: [
            textblockTypeInputRule(/^(#{1,4})\s$/, nodes.heading!, (match) => ({ level: clamp(match[1]!.length) })),
            textblockTypeInputRule(/^```$/, nodes.code_block!),
            wrappingInputRule(/^\s*>\s$/, nodes.blockquote!),
            wrappingInputRule(/^\s*([-*])\s$/, nodes.bullet_list!),
            wrappingInputRule(/^(\d+)\.\s$/, nodes.ordered_list!, (match) => ({ order: Number(match[1]) })),
          ],
        }),
        keymap({
          'Mod-b': actions.strong,
          'Mod-i': actions.em,
          'Mod-`': actions.code,
          'Mod-Shift-x': actions.strike,
          'Mod-z': undo,
          'Mod-y': redo,
          'Shift-Mod-z': redo,
          'Mod-k': () => {
            this.#options.onlink();
            return true;
          },
          'Shift-Enter': hardBreak,
          Enter: splitListItem(nodes.list_item!),
          // Tab leaves the text, as everywhere else on a page.
          'Mod-]': sinkListItem(nodes.list_item!),
          'Mod-[': liftListItem(nodes.list_item!),
        }),
        keymap(baseKeymap),
        history(),
        dropCursor(),
        waiting(this.#options.waitingLabel),
      ],
    });
  }
}
