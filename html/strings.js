// What the page says, in English and Korean.

const english = {
  title: "Oriel",
  page: "Page",
  cameras: "Cameras",
  allCameras: "All cameras",
  picture: "Live picture of {camera}",
  connecting: "Connecting",
  live: "Live",
  late: "Late",
  stalled: "Stalled",
  offline: "Camera offline",
  unreachable: "Server unreachable",
  missing: "No such camera",
  busy: "Server busy",
  refused: "Not allowed",
  failed: "Server error",
  paused: "Paused",
  frozen: "Frozen",
  "detail.late": "The picture is {age} old",
  "detail.stalled": "No new picture for {age}",
  "detail.unreachable": "Trying again until it answers",
  "detail.missing": "The server does not know “{camera}”",
  "detail.busy": "Too many viewers; trying again",
  "detail.refused": "Sign in, then reload this page",
  "camera.waiting": "Waiting for the camera",
  "camera.no_signal": "No signal",
  "camera.stalled": "The camera has stopped sending",
  "camera.stopped": "The capture program is not running",
  "camera.error": "The camera reports an error",
  "camera.idle": "The camera does not answer",
  noCameras: "No camera yet",
  "detail.noCameras": "It appears here by itself as soon as one is there",
  snapshot: "Save picture",
  copy: "Copy picture",
  freeze: "Freeze",
  unfreeze: "Back to live",
  back: "Previous picture",
  forth: "Next picture",
  fit: "Fit",
  fill: "Fill",
  actual: "Actual size",
  rotate: "Rotate",
  mirror: "Mirror",
  pictureInPicture: "Picture in picture",
  details: "Details",
  fullScreen: "Full screen",
  leaveFullScreen: "Leave full screen",
  detect: "What is in the picture",
  "detect.leave": "Back to live",
  "detect.asking": "Looking …",
  "detect.finds": "In the picture",
  "detect.nothing": "Nothing was recognised",
  "detect.saveJSON": "Save JSON",
  "detect.savePicture": "Save picture with boxes",
  "detect.unavailable": "The detector does not answer",
  "detect.runtime_missing": "ONNX Runtime is not installed on the server (scripts/get-detector)",
  "detect.runtime_unusable": "ONNX Runtime on the server cannot be used",
  "detect.model_missing": "There is no model on the server (scripts/get-detector)",
  "detect.model_unusable": "The model on the server cannot be used",
  "detect.busy": "The detector is busy; try again",
  "detect.timeout": "The detector took too long; try again",
  theme: "Dark or light",
  language: "한국어",
  help: "Keys",
  close: "Close",
  saved: "Saved as {name}",
  copied: "Picture copied",
  failedToSave: "There is no picture to save yet",
  failedToCopy: "The browser did not allow copying",
  stills: "stills",
  age: "Age",
  rate: "Frame rate",
  bandwidth: "Bandwidth",
  size: "Size",
  source: "Source",
  format: "Format",
  frame: "Frame",
  viewers: "Viewers",
  dropped: "Not shown",
  skipped: "Skipped",
  reconnects: "Reconnects",
  restarts: "Restarts",
  lastMinute: "last minute",
  fps: "{value} fps",
  "key.cameras": "Previous or next camera",
  "key.wall": "Back to all cameras",
  "key.snapshot": "Save picture",
  "key.fullScreen": "Full screen",
  "key.freeze": "Freeze, go on",
  "key.step": "Step while frozen",
  "key.view": "Fit, fill, actual size",
  "key.zoom": "Zoom in, out, reset",
  "key.rotate": "Rotate",
  "key.mirror": "Mirror",
  "key.detect": "What is in the picture",
  "key.details": "Details",
  "key.theme": "Dark or light",
  "key.language": "Language",
  "key.help": "This list",
};

const korean = {
  title: "Oriel",
  page: "페이지",
  cameras: "카메라",
  allCameras: "모든 카메라",
  picture: "{camera} 실시간 영상",
  connecting: "연결 중",
  live: "실시간",
  late: "지연",
  stalled: "멈춤",
  offline: "카메라 오프라인",
  unreachable: "서버에 연결할 수 없음",
  missing: "없는 카메라",
  busy: "서버가 바쁨",
  refused: "권한 없음",
  failed: "서버 오류",
  paused: "일시 정지",
  frozen: "정지 화면",
  "detail.late": "{age} 전의 영상입니다",
  "detail.stalled": "{age} 동안 새 영상이 없습니다",
  "detail.unreachable": "응답할 때까지 다시 시도합니다",
  "detail.missing": "서버에 “{camera}” 카메라가 없습니다",
  "detail.busy": "시청자가 너무 많습니다. 다시 시도합니다",
  "detail.refused": "로그인한 뒤 페이지를 새로 고치세요",
  "camera.waiting": "카메라를 기다리는 중입니다",
  "camera.no_signal": "신호가 없습니다",
  "camera.stalled": "카메라가 영상을 보내지 않습니다",
  "camera.stopped": "캡처 프로그램이 실행되고 있지 않습니다",
  "camera.error": "카메라 오류가 발생했습니다",
  "camera.idle": "카메라가 응답하지 않습니다",
  noCameras: "아직 카메라가 없습니다",
  "detail.noCameras": "카메라가 연결되면 자동으로 나타납니다",
  snapshot: "사진 저장",
  copy: "사진 복사",
  freeze: "화면 정지",
  unfreeze: "실시간으로",
  back: "이전 장면",
  forth: "다음 장면",
  fit: "맞춤",
  fill: "채움",
  actual: "실제 크기",
  rotate: "회전",
  mirror: "좌우 반전",
  pictureInPicture: "PIP 모드",
  details: "자세히",
  fullScreen: "전체 화면",
  leaveFullScreen: "전체 화면 끝내기",
  detect: "사물 인식",
  "detect.leave": "실시간으로",
  "detect.asking": "인식 중 …",
  "detect.finds": "인식된 사물",
  "detect.nothing": "인식된 사물이 없습니다",
  "detect.saveJSON": "JSON 저장",
  "detect.savePicture": "표시된 사진 저장",
  "detect.unavailable": "인식 서비스가 응답하지 않습니다",
  "detect.runtime_missing": "서버에 ONNX Runtime이 설치되어 있지 않습니다 (scripts/get-detector)",
  "detect.runtime_unusable": "서버의 ONNX Runtime을 사용할 수 없습니다",
  "detect.model_missing": "서버에 모델이 없습니다 (scripts/get-detector)",
  "detect.model_unusable": "서버의 모델을 사용할 수 없습니다",
  "detect.busy": "인식 서비스가 바쁩니다. 다시 시도하세요",
  "detect.timeout": "인식이 너무 오래 걸렸습니다. 다시 시도하세요",
  theme: "어둡게 또는 밝게",
  language: "English",
  help: "단축키",
  close: "닫기",
  saved: "{name} 저장됨",
  copied: "사진을 복사했습니다",
  failedToSave: "아직 저장할 영상이 없습니다",
  failedToCopy: "브라우저가 복사를 허용하지 않았습니다",
  stills: "정지 사진",
  age: "지연 시간",
  rate: "프레임 속도",
  bandwidth: "대역폭",
  size: "크기",
  source: "소스",
  format: "형식",
  frame: "프레임",
  viewers: "시청자",
  dropped: "표시 안 함",
  skipped: "건너뜀",
  reconnects: "재연결",
  restarts: "재시작",
  lastMinute: "최근 1분",
  fps: "{value} fps",
  "key.cameras": "이전 또는 다음 카메라",
  "key.wall": "모든 카메라로",
  "key.snapshot": "사진 저장",
  "key.fullScreen": "전체 화면",
  "key.freeze": "화면 정지, 계속",
  "key.step": "정지 중 한 장면씩",
  "key.view": "맞춤, 채움, 실제 크기",
  "key.zoom": "확대, 축소, 원래대로",
  "key.rotate": "회전",
  "key.mirror": "좌우 반전",
  "key.detect": "사물 인식",
  "key.details": "자세히",
  "key.theme": "어둡게 또는 밝게",
  "key.language": "언어",
  "key.help": "이 목록",
};

const dictionaries = { en: english, ko: korean };

class Language extends EventTarget {
  #code = (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2)).find((tag) => tag in dictionaries) ?? "en";

  get code() {
    return this.#code;
  }

  set code(code) {
    if (!(code in dictionaries) || code === this.#code) return;
    this.#code = code;
    this.dispatchEvent(new Event("change"));
  }
}

/** The language in use; sends "change". */
export const language = new Language();

/** The text for a key, with {names} filled in; "" when there is none. */
export function text(key, values = {}) {
  const template = dictionaries[language.code][key] ?? english[key] ?? "";
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** A span of time as people say it: 32 ms, 1.4 s, 2 min. */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 120_000) return `${Math.round(milliseconds / 1000)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}

/** Bits a second: 850 kbit/s, 24.5 Mbit/s. */
export function bandwidth(bitsPerSecond) {
  if (bitsPerSecond < 999_500) return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
  const megabits = bitsPerSecond / 1_000_000;
  return `${megabits.toFixed(megabits < 100 ? 1 : 0)} Mbit/s`;
}

/** The time of a picture to the millisecond, on this machine's clock face. */
export function timeOfDay(time) {
  const style = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" };
  return new Intl.DateTimeFormat(language.code, style).format(time);
}
