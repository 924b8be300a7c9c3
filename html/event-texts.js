// The texts of the list of events, in all languages. They are loaded with the list.

export const eventTexts = {
  en: {
    events: "Events",
    "events.empty": "Nothing has been detected yet. People, vehicles and animals appear here as soon as a camera sees them.",
    "events.loading": "Loading…",
    "events.there": "still there",
    "events.held": "No events arrive. A proxy between this browser and the server holds them back; turn off its buffering for /events.",
    "events.toasts": "Show new events briefly",
    "events.picture": "Picture of an event",
    "events.noPicture": "There is no picture of this event",
    "unit.h": "{value} h",
  },
  ko: {
    events: "이벤트",
    "events.empty": "아직 감지된 것이 없습니다. 카메라에 사람, 차량, 동물이 나타나면 여기에 표시됩니다.",
    "events.loading": "불러오는 중…",
    "events.there": "아직 있음",
    "events.held": "이벤트가 도착하지 않습니다. 브라우저와 서버 사이의 프록시가 이벤트를 붙잡아 두고 있습니다. /events의 버퍼링을 끄세요.",
    "events.toasts": "새 이벤트 알림 표시",
    "events.picture": "이벤트 사진",
    "events.noPicture": "이 이벤트의 사진이 없습니다",
    "unit.h": "{value}시간",
  },
};
