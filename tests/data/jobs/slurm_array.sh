#!/bin/bash -l
#SBATCH --array=0-99:10,120%4
#SBATCH --gpus=1
#SBATCH -t 90
#SBATCH --mem=16000
#SBATCH -o sweep_%A_%a.log
#SBATCH --requeue

LR=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" rates.txt)
python sweep.py --lr "$LR"
