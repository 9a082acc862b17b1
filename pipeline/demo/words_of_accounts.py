"""What the demo company has agreed on with its customers; every word is made up."""

NOTES = [
    {"sales": "连续三年下单", "margin": "毛利在部门平均以上"},
    {"potential": "采购总盘大，对手占三成"},
    {"goals": "已参与明年产能规划讨论", "credit": "账期 60 天，基本按期"},
    {"openness": "愿意一起做试点"},
    {},
]
OVERRIDE = "集团战略客户，明年两个新基地立项，按 4A 配资源"
CONTRACTS = ["年度维保合同", "备件框架协议", "软件服务年约", "驻场运维合同"]
NPS = {
    "high": "交付准时，现场响应快",
    "middle": "总体可以，备件到货偏慢",
    "low": "调试期拖了三周，希望有专人对接",
}
PLANS = [
    {
        "strategy_now": "零库存、准时到货 99%",
        "strategy_later": "五年内三个基地统一调度，海外建厂",
        "our_match": "立体库与 WMS 集团版，跨基地一张网",
        "goals_short": "旺季不外租仓，周转降到 28 天",
        "goals_long": "供应链成本占比下降 2 个百分点",
        "risks": "关键人明年换届，预算集中到集团",
    },
    {
        "strategy_now": "产能翻倍，先自动化后扩建",
        "strategy_later": "十年内做到行业第一，工厂无人化",
        "our_match": "AGV 与产线物流，分期投资",
        "goals_short": "夜班减员三成，错发为零",
        "goals_long": "新工厂按我方标准设计",
        "risks": "对手低价绑定一期，付款周期变长",
    },
]
LINES = [  # their strategy, our match, next milestone
    ("零库存、准时到货 99%", "智能立库", "一期签约"),
    ("三基地系统统一", "WMS 集团版", "试点验收"),
    ("服务外包", "驻场运维（服务收入）", "年度合同续签"),
    ("产线柔性化", "AGV 产线配送", "样线验收"),
    ("冷链扩建", "箱式立库", "可研评审"),
]
ACTIONS = [
    "联合价值研讨会，量化节拍损失",
    "高层互访，确认三年规划",
    "样板客户考察",
    "季度运营回顾，公布备件到货率",
    "共同编制新基地物流规划",
    "信息部接口标准确认",
]
RESULT = "双方签字确认，纪要已发"
PROFILES = [
    ["warehouse", "高周转制造企业", "仓储系统"],
    ["mobile", "多班次离散制造", "移动机器人"],
]  # key, name, product line
CRITERIA = [  # profile, position, kind, value, weight
    ["warehouse", 0, "industry", "汽车,新能源,医药,食品,电子", 35],
    ["warehouse", 1, "spend", "10000000", 35],
    ["warehouse", 2, "decision_maker", "", 30],
    ["mobile", 0, "industry", "装备,汽车,半导体材料,光电", 40],
    ["mobile", 1, "spend", "8000000", 30],
    ["mobile", 2, "region", "江苏,浙江,上海,广东", 30],
]
FIRST_STEPS = ["请老客户引荐供应链负责人", "寄样板案例，约线上交流", "行业展会约见", "拿到明年技改计划"]
