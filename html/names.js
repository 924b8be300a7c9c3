// Korean names for what the server and its cameras name in English. Unknown names stay as they are.

import { language } from "./strings.js";

/** The 80 COCO classes. */
const labels = {
  person: "사람", bicycle: "자전거", car: "자동차", motorcycle: "오토바이", airplane: "비행기", bus: "버스", train: "기차",
  truck: "트럭", boat: "배", "traffic light": "신호등", "fire hydrant": "소화전", "stop sign": "정지 표지판",
  "parking meter": "주차 요금기", bench: "벤치", bird: "새", cat: "고양이", dog: "개", horse: "말", sheep: "양", cow: "소",
  elephant: "코끼리", bear: "곰", zebra: "얼룩말", giraffe: "기린", backpack: "배낭", umbrella: "우산", handbag: "핸드백",
  tie: "넥타이", suitcase: "여행 가방", frisbee: "프리스비", skis: "스키", snowboard: "스노보드", "sports ball": "공", kite: "연",
  "baseball bat": "야구 방망이", "baseball glove": "야구 글러브", skateboard: "스케이트보드", surfboard: "서프보드",
  "tennis racket": "테니스 라켓", bottle: "병", "wine glass": "와인잔", cup: "컵", fork: "포크", knife: "칼", spoon: "숟가락",
  bowl: "그릇", banana: "바나나", apple: "사과", sandwich: "샌드위치", orange: "오렌지", broccoli: "브로콜리", carrot: "당근",
  "hot dog": "핫도그", pizza: "피자", donut: "도넛", cake: "케이크", chair: "의자", couch: "소파", "potted plant": "화분",
  bed: "침대", "dining table": "식탁", toilet: "변기", tv: "TV", laptop: "노트북", mouse: "마우스", remote: "리모컨",
  keyboard: "키보드", "cell phone": "휴대전화", microwave: "전자레인지", oven: "오븐", toaster: "토스터", sink: "싱크대",
  refrigerator: "냉장고", book: "책", clock: "시계", vase: "꽃병", scissors: "가위", "teddy bear": "곰 인형",
  "hair drier": "헤어드라이어", toothbrush: "칫솔",
};

/** The controls known to the kernel. */
const controls = {
  brightness: "밝기", contrast: "대비", saturation: "채도", hue: "색조", gamma: "감마", sharpness: "선명도",
  gain: "게인", gain_automatic: "자동 게인", chroma_gain: "색차 게인", red_balance: "적색 균형", blue_balance: "청색 균형",
  white_balance_automatic: "자동 화이트 밸런스", white_balance_temperature_auto: "자동 화이트 밸런스",
  white_balance_temperature: "화이트 밸런스 색온도", backlight_compensation: "역광 보정", power_line_frequency: "전원 주파수",
  auto_exposure: "자동 노출", exposure_auto: "자동 노출", exposure: "노출", exposure_time_absolute: "노출 시간",
  exposure_absolute: "노출 시간", exposure_dynamic_framerate: "노출에 따른 프레임 속도",
  exposure_auto_priority: "노출에 따른 프레임 속도", focus_absolute: "초점", focus_automatic_continuous: "연속 자동 초점",
  focus_auto: "자동 초점", zoom_absolute: "줌", zoom_continuous: "연속 줌", pan_absolute: "좌우 방향", tilt_absolute: "상하 방향",
  pan_reset: "좌우 방향 초기화", tilt_reset: "상하 방향 초기화", iris_absolute: "조리개", privacy: "사생활 보호",
  horizontal_flip: "좌우 반전", vertical_flip: "상하 반전", rotate: "회전", test_pattern: "시험 화면", led1_mode: "표시등",
  compression_quality: "압축 품질", do_white_balance: "화이트 밸런스 한 번 맞춤", iso_sensitivity: "ISO 감도", iso_sensitivity_auto: "자동 ISO 감도", scene_mode: "장면 모드",
};

const choices = {
  "Auto Mode": "자동", "Manual Mode": "수동", "Shutter Priority Mode": "셔터 우선", "Aperture Priority Mode": "조리개 우선",
  Auto: "자동", Manual: "수동", Disabled: "사용 안 함", Enabled: "사용", None: "없음", Off: "끔", On: "켬",
};

const named = (names, key, name) => (language.code === "ko" && names[key]) || name;

/** Returns the name of a detected class. */
export const labelText = (label) => named(labels, label, label);

export const controlText = ({ name, description }) => named(controls, name, description || name);

/** Returns the name of a menu item. */
export const choiceText = (choice) => named(choices, choice, choice);
