// A small own choice, by what people in chats use; any other comes from the device's keyboard.
const list = (emoji: string): string[] => [...new Set([...new Intl.Segmenter().segment(emoji)].map(({ segment }) => segment))];

export const groups = {
  faces: list('😀😄😁😆😅🤣😂🙂😉😊😇🥰😍🤩😘😋😛😜🤪🤗🤭🤫🤔🤐😐😑😶😏😒🙄😬😌😔😪😴😷🤒🤕🤢🤮🥵🥶😵🤯🥳😎🤓😕😟🙁😮😲😳🥺😦😨😰😥😢😭😱😖😣😞😓😩😫🥱😤😡🤬😈💀💩🤡👻👽🤖😺'),
  people: list('👋🤚✋👌🤏✌️🤞🤟🤘🤙👈👉👆👇☝️👍👎✊👊🤛🤜👏🙌👐🤲🤝🙏✍️💪👀👶👧👦👩👨👵👴🙋🙇🤦🤷💃🕺👯🧘🏃🚶👫👪🫶🫡'),
  nature: list('🐶🐱🐭🐰🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤🦆🦉🐺🐴🦄🐝🦋🐢🐍🐙🐠🐬🐳🌵🎄🌲🌴🌱🌿🍀🍁🍂🌸🌹🌻🌼🌷☀️🌤️⛅🌧️⛈️❄️🌈🌙⭐✨🔥💧🌊'),
  food: list('🍏🍎🍊🍋🍌🍉🍇🍓🍑🥭🍍🥥🍅🥑🥦🌽🥕🥔🍞🥐🥖🧀🍳🥞🥓🍗🍔🍟🍕🌭🌮🥗🍝🍜🍲🍣🍱🥟🍚🍙🍤🥮🍢🍡🍦🍰🎂🧁🍫🍬🍭🍮🍯🍼🥛☕🍵🍺🍻🥂🍷🧋'),
  life: list('⚽🏀🏓🏸🎾🎮🎲🎯🎨🎬🎤🎧🎵🎶🎸🎹📷📹📺📱💻⌚☎️💡📚📖✏️📝📌📎✂️🔑🔒🎁🎈🎉🎊🧧🏮🏆🥇🚗🚕🚌🚲🚄✈️🚀⛵🏠🏢🏥🏫🗺️🏖️⛰️🛒💰💳📦⏰⏳🛏️🚿'),
  signs: list('❤️🧡💛💚💙💜🖤🤍💔❣️💕💞💓💗💖💘💝💯💢💥💫💦💨💬💤✅❌❓❗‼️⭕🚫⚠️♻️🔴🟢🔵⬆️⬇️⬅️➡️🔝🆗🆕🆒🏁🚩'),
} as const;

export type EmojiGroup = keyof typeof groups;

const stored = 'weir.emoji';
const mostRecent = 16;

export function recent(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(stored) ?? '[]');
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string').slice(0, mostRecent) : [];
  } catch {
    return [];
  }
}

export function used(emoji: string): void {
  localStorage.setItem(stored, JSON.stringify([emoji, ...recent().filter((one) => one !== emoji)].slice(0, mostRecent)));
}
